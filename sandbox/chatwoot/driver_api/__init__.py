"""The driver API under /sandbox/api: the customers' and teammates' hands, trouble on demand, and what can be seen."""
