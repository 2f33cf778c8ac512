"""Metered energy and requests brought together: whose joules they were, and what the model had said."""
