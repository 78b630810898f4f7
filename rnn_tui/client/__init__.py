"""All that touches engines from outside: start one, find those that run, join one."""
