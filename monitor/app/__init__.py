"""The composition root: which part is given to which, what starts first and what stops last."""
