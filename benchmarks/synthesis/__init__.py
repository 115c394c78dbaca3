"""Seeded synthetic studies with known truth: who follows, sees, passes on, and who is planted to be found."""
