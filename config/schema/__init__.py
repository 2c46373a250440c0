"""Types that configuration is made of, and a crew's keys; pydantic's findings in an operator's words."""
