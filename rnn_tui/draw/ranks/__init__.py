"""The strip of ranks: pictures of several processes that train one network together."""
