package main

import "lyceum/billing/provider"

// newProvider opens what takes payments; nil: none is configured, and nothing is sold.
func (a *app) newProvider() provider.Provider { return nil }
