package main

import (
	"fmt"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/hasher"
	"github.com/curtaild/curtaild/hasher/power"
)

// localLoad is what the config says of the local workers, in their own terms.
func localLoad(h *config.Hasher) (hasher.Config, error) {
	c := &h.Power
	cfg := hasher.Config{
		Name: h.Spec.Name, Workers: h.Workers, Levels: c.Levels, Leave: h.Leave, Return: h.Return,
		Power: hasher.Power{
			Idle: c.Idle, Core: c.Core, Counter: power.Kind(c.Counter), Supply: float64(c.Supply) / 100,
			Pause: power.Limits{OnBattery: c.OnBattery, HotC: c.CPUAbove, Busy: c.BusyAbove},
		},
	}
	if err := cfg.Algorithm.UnmarshalText([]byte(h.Algorithm)); err != nil {
		return cfg, fmt.Errorf("%s: %w", h.Spec.Name, err)
	}
	for i := range h.Pools {
		u, err := upstream(&h.Pools[i])
		if err != nil {
			return cfg, fmt.Errorf("pool %d of %s: %w", i+1, h.Spec.Name, err)
		}
		cfg.Upstreams = append(cfg.Upstreams, u)
	}
	return cfg, nil
}
