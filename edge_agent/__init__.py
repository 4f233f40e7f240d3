"""The edge agent of one store: tills' messages in, durable entries and answers out; nothing acknowledged is lost."""
