"""The verbs: each pipeline composes the other rooms once, at the edge; no logic of its own."""
