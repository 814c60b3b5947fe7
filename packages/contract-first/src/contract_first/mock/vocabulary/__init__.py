"""What members, parameters and fields are called, and what that means; knows no contract and no mock."""
