"""The field: pictures of many networks that learn at once."""
