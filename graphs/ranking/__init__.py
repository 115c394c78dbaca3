"""Rankings of accounts, how well they agree, and whom they propose as leaders."""
