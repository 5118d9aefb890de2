package daemon

import "github.com/vspan-io/vspan/mirror/store/etcd"

// FileCluster is this daemon as a member of a cluster, in the configuration file and by flags.
type FileCluster struct {
	Name          string `yaml:"name"`
	PeerListen    string `yaml:"peerListen"`
	PeerAdvertise string `yaml:"peerAdvertise"`
	Token         string `yaml:"token"`
	Members       string `yaml:"members"`
	Join          bool   `yaml:"join"`
	CAFile        string `yaml:"caFile"`
	CertFile      string `yaml:"certFile"`
	KeyFile       string `yaml:"keyFile"`
}

// Cluster is what the store makes of it; nil when no name is given.
func (f FileCluster) Cluster() *etcd.Cluster {
	if f.Name == "" {
		return nil
	}
	return &etcd.Cluster{
		Name: f.Name, ListenPeer: f.PeerListen, AdvertisePeer: f.PeerAdvertise, Token: f.Token, Initial: f.Members, Join: f.Join,
		PeerTLS: etcd.TLS{CA: f.CAFile, Cert: f.CertFile, Key: f.KeyFile},
	}
}

// FileEtcd is somebody's own etcd, in the configuration file and by flags. There is no key for a password: files are copied and
// committed.
type FileEtcd struct {
	Endpoints    []string `yaml:"endpoints"`
	Prefix       string   `yaml:"prefix"`
	CAFile       string   `yaml:"caFile"`
	CertFile     string   `yaml:"certFile"`
	KeyFile      string   `yaml:"keyFile"`
	Username     string   `yaml:"username"`
	PasswordFile string   `yaml:"passwordFile"`
}

// External is what the store makes of it; nil when no endpoint is given.
func (f FileEtcd) External() *etcd.External {
	if len(f.Endpoints) == 0 {
		return nil
	}
	return &etcd.External{
		Endpoints: f.Endpoints, TLS: etcd.TLS{CA: f.CAFile, Cert: f.CertFile, Key: f.KeyFile},
		Username: f.Username, PasswordFile: f.PasswordFile, Prefix: f.Prefix,
	}
}
