package ldap

// Fill is fill, for the tests.
func Fill(template, login string) string { return fill(template, login) }
