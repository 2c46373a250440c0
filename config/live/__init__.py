"""One configuration everywhere: in memory, in Redis, watched for edits."""
