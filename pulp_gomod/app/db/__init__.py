"""What every process may use beside the tables: here, where to compute what takes long."""
