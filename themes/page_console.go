package themes

// OperatorPlace is one link of the operators' navigation.
type OperatorPlace struct {
	Path, Key string // Key: of the message that names it
}

// OperatorNav is the operators' navigation in its order: the one list that the layout draws and tests walk.
var OperatorNav = []OperatorPlace{
	{Path: "/operator", Key: "tenants.title"},
	{Path: "/operator/billing", Key: "operator.billing"},
	{Path: "/operator/migrations", Key: "operator.place_migrations"},
	{Path: "/operator/support", Key: "operator.place_support"},
	{Path: "/operator/status", Key: "operator.place_status"},
}

// OperatorPlaces are the places offered to the operator who looks.
func (c *Chrome) OperatorPlaces() []OperatorPlace { return OperatorNav }
