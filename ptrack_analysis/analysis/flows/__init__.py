"""How persons went from zone to zone: transitions, funnels, the figures of retail."""
