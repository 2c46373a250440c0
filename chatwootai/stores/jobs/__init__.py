"""Who is next: jobs claimed under a lease, and the sweep that finds what lost its job."""
