"""What another policy would have earned, estimated from a log of decisions that were made at random, knowingly.

Each decision of the log was drawn with a known probability π₀(a|x). A target policy π would have drawn the same action
with π(a|x); the importance weight w = π(a|x) / π₀(a|x) says how much the decision speaks for it. The estimators differ
in what they do with w and with a model q̂(x, a) of the reward:

- `ips`, the mean of w·r: right on average, wide (Horvitz and Thompson, 1952);
- `clipped_ips`, the mean of min(w, c)·r: narrower, biased towards 0 (Ionides, 2008);
- `snips`, Σ w·r / Σ w: a little bias, much less noise where w varies (Swaminathan and Joachims, 2015);
- `direct`, the mean of Σ π(a|x)·q̂(x, a): as good as its model, and falsely sure of itself;
- `doubly_robust`, direct plus the mean of w·(r − q̂): right where either the probabilities or the model is right, and as
  narrow as the model is good (Dudík, Langford and Li: Doubly robust policy evaluation and learning, 2011);
- `switch_doubly_robust`, without the correction where w is above a limit: there the model alone is believed (Wang,
  Agarwal and Dudík: Optimal and adaptive off-policy evaluation in contextual bandits, 2017);
- `shrunk_doubly_robust`, "optimistic" shrinkage, w drawn in to λw / (w² + λ): between direct (λ = 0) and doubly robust
  (λ = ∞) (Su, Dimakopoulou, Krishnamurthy and Dudík: Doubly robust off-policy evaluation with shrinkage, 2020).

The last two lean on the model as `direct` does: small errors on real logs, and intervals that are too sure. Each is an
accumulator: `value` (None of nothing), `interval`, and `merge`, which equals one pass over both parts. Their own
intervals take decisions as independent; `replicates` resamples whole customers.
"""
