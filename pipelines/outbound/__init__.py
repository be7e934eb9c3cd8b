"""`tsugi decide --batch`: a whole population through the funnel, under shared pools, to Parquet."""
