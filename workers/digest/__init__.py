"""The message of the day: an account's figures of the day before, to where the account says."""
