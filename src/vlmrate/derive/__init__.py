"""Raters made of ratings: of other raters', and of people's. A kind is one file; all are stored as any other rater."""
