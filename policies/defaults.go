package policies

// defaults is what a policy is where its file is silent. With no start it
// opens as soon as anything is left for it; with no stop it closes once less
// than nothing is, that is, when the loads would begin to import.
func defaults() Policy {
	return Policy{
		Order:   Efficient,
		Use:     Use{Available: true},
		Start:   Threshold{Power: 0, For: 0},
		Stop:    Threshold{Power: 0, For: 0},
		Reserve: 0,
		OnStale: OnStale{Keep: 0, Then: ThenStop},

		Objective: Hashes,
	}
}
