"""What periods come to: figures from roll-ups and single results, and what reports, charts and rules make of them."""
