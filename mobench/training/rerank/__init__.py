"""Re-ranking: another order of a base's best candidates, by a mix that validation chooses."""
