package daemon

// FileSite is one site in the configuration file.
type FileSite struct {
	Name     string   `yaml:"name"`
	Hosts    []string `yaml:"hosts"`
	Clusters []string `yaml:"clusters"`
	Tags     []string `yaml:"tags"`
}

func sitesOf(list []FileSite) []Site {
	var sites []Site
	for _, s := range list {
		sites = append(sites, Site(s))
	}
	return sites
}
