package wire

// Member is one of the daemons that keep the desired state together.
type Member struct {
	ID         string   `json:"id"`
	Name       string   `json:"name" doc:"Empty until the member was started once"`
	PeerURLs   []string `json:"peerURLs" doc:"Where the other members reach it"`
	ClientURLs []string `json:"clientURLs" doc:"Where clients of the store reach it; may be empty"`
	Learner    bool     `json:"learner" doc:"It catches up and has no vote yet"`
	Leader     bool     `json:"leader"`
	Healthy    bool     `json:"healthy" doc:"It answers"`
	Message    string   `json:"message" doc:"Why it is not healthy, or what it is about"`
}

// MemberList lists all members, ordered by name and id.
type MemberList struct {
	Items []Member `json:"items"`
}

// MemberInput names a member to be added.
type MemberInput struct {
	Name     string   `json:"name" maxLength:"63" example:"vspan-2" doc:"1 to 63 of a-z, 0-9 and inner hyphens; no other member has it"`
	PeerURLs []string `json:"peerURLs" minItems:"1" maxItems:"8" example:"https://10.2.1.112:2380" doc:"Where the other members will reach it: http or https, host and port, nothing else"`
}

// Joining is what a new member must be started with.
type Joining struct {
	Name           string   `json:"name"`
	PeerURLs       []string `json:"peerURLs"`
	Token          string   `json:"token" doc:"Of the cluster, so that a member of another one is not let in; no secret"`
	InitialCluster string   `json:"initialCluster" doc:"NAME=PEER-URL of every member, with commas"`
}
