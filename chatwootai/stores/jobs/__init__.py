"""The queue of jobs: claimed under a lease, and swept for conversations that lost their job."""
