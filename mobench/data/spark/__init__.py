"""The stages of prep as Spark DataFrames, for rows that one machine cannot hold."""
