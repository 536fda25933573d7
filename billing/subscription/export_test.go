package subscription

// Count counts steps of a month and a quarter.
func (o *Overview) Count(month, quarter []StepCount) { o.count(month, quarter) }
