"""Unit, property, contract, integration, fault, browser and house tests."""
