"""What customers and providers are sent: mails, vouchers and receipts."""
