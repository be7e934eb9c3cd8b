"""`tsugi triggers`: decides when the moment has come, and tells the channel's system."""
