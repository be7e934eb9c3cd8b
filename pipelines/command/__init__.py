"""The commands of `tsugi`: each reads its options, calls one pipeline, prints what came of it."""
