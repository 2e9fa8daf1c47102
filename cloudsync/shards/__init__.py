"""One run in many processes: each has a share of the accounts, and the last gathers what they found."""
