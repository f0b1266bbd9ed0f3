"""What is known of each film: families, agreements, analyses, clips, and who did what. SQLAlchemy lives here."""
