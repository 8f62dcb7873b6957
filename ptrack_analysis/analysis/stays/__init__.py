"""What stays tell, given that some of them were seen in part only."""
