"""A run as people drive it: play, hold, go back, fork, begin again."""
