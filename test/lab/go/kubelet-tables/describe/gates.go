package main

import (
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/component-base/featuregate"
	_ "k8s.io/kubernetes/cmd/kubelet/app" // registers the kubelet's own gates, and those of every library that it links
)

type gate struct {
	Stage   string   `json:"stage"`
	Default bool     `json:"default"`
	Locked  bool     `json:"locked"`
	Needs   []string `json:"needs,omitempty"`
}

// gates lists what the one registry of the kubelet's process holds, with the specification that this release goes by.
func gates() map[string]gate {
	// Dependencies between gates are checked since 1.35, the registry tells them since then.
	needs := map[featuregate.Feature][]featuregate.Feature{}
	if d, ok := utilfeature.DefaultMutableFeatureGate.(interface {
		Dependencies() map[featuregate.Feature][]featuregate.Feature
	}); ok {
		needs = d.Dependencies()
	}
	all := map[string]gate{}
	for name, spec := range utilfeature.DefaultMutableFeatureGate.GetAll() {
		stage := string(spec.PreRelease)
		if stage == "" {
			stage = "GA"
		}
		g := gate{Stage: stage, Default: spec.Default, Locked: spec.LockToDefault}
		for _, n := range needs[name] {
			g.Needs = append(g.Needs, string(n))
		}
		all[string(name)] = g
	}
	return all
}
