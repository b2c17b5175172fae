package config

import (
	"fmt"
	"slices"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

// maxPolicyFiles bounds what a glob may bring in.
const maxPolicyFiles = 1000

// policyFiles are the files that the key's globs match, sorted: policies take
// their power in the order of their files' names, and then of their lines.
func (l *loader) policyFiles(n strict.Node) []string {
	globs := []strict.Node{n}
	if n.IsList() {
		if globs = n.List(); len(globs) == 0 {
			n.Fault("names no file: write a path or a glob, as in policies/*.yaml")
		}
	}
	var files []string
	for _, g := range globs {
		pattern := g.String("")
		if pattern == "" {
			continue
		}
		found, err := l.glob(l.beside(pattern))
		switch {
		case err != nil:
			g.Fault("%q is no glob: want a path, with * for any part of a name", pattern)
		case len(found) == 0:
			g.Fault("%q matches no file: it is looked for in the config's folder", pattern)
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	if files = slices.Compact(files); len(files) > maxPolicyFiles {
		n.Fault("matches %d files, more than %d: name fewer", len(files), maxPolicyFiles)
		return nil
	}
	return files
}

// policies loads the policies of files and holds them against the site. What
// they name can be checked only where the loads themselves are sound.
func (l *loader) policies(files []string) {
	for _, file := range files {
		src, _, err := l.slurp(file, strict.MaxSize)
		if err != nil {
			l.others = append(l.others, strict.At(strict.Pos{File: file, Line: 1, Column: 1}, strict.Error, "cannot be read: %v", err))
			continue
		}
		l.sum.Write(src)
		ps, faults := policies.Load(file, src)
		l.cfg.Policies = append(l.cfg.Policies, ps...)
		l.others = append(l.others, faults...)
	}
	site := policies.Site{Zone: l.cfg.Site.Zone, Now: l.opts.Now, Loads: l.loads, Partial: l.partial}
	site.Currency, site.ImportPrice, site.ExportPrice = l.cfg.Site.Currency, l.measures(energy.RoleImportPrice), l.measures(energy.RoleExportPrice)
	site.Mined = l.cfg.Hasher != nil && len(l.cfg.Hasher.Pools) > 0 && l.cfg.Hasher.CoinPrice > 0
	for _, g := range l.groups {
		site.Names = append(site.Names, g.name)
	}
	faults := append(policies.Check(l.cfg.Policies, site), l.probes()...)
	if l.others.Err() == nil && l.doc.Faults().Err() == nil {
		l.others = append(l.others, faults...)
		return
	}
	// A load or a policy that did not make it here would be missed in vain.
	for _, f := range faults {
		if f.Severity == strict.Error {
			l.others = append(l.others, f)
		}
	}
}

// probes finds policies that feel for power where nothing can come of it.
func (l *loader) probes() (faults strict.Faults) {
	for i := range l.cfg.Policies {
		p := &l.cfg.Policies[i]
		warn := func(format string, args ...any) {
			text := fmt.Sprintf(format, args...)
			faults = append(faults, strict.At(p.Pos("probe.step"), strict.Warning, "policy %q: probe %s", p.Name, text))
		}
		site := &l.cfg.Site
		switch step := p.Probe.Step; {
		case step == 0:
		case !l.measures(energy.RoleGrid):
			warn("does nothing without a reading of the role grid: add one, or remove it")
		case site.ExportLimit == nil && !l.measures(energy.RoleExportLimit):
			warn("does nothing without an export limit: add site.export_limit or a reading of the role export_limit, or remove it")
		case site.ExportLimit != nil && site.ImportLimit != nil && *site.ExportLimit+*site.ImportLimit < step:
			warn("would import up to %v until the plant follows, and site.import_limit %v does not let it: raise that, or remove probe", step, *site.ImportLimit)
		}
	}
	return faults
}

// measures reports whether a reading has the role.
func (l *loader) measures(role energy.Role) bool {
	return slices.ContainsFunc(l.cfg.Readings, func(r energy.ReadingSpec) bool { return r.Role == role })
}
