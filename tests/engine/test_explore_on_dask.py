"""Any executor runs an exploration: here Dask's, on a cluster of one machine."""

from __future__ import annotations

from minikafka.sim import explorer, mutants, profiles


def test_a_dask_cluster_finds_what_one_process_finds(need):
    distributed = need.module("distributed")
    replication = profiles.profile("replication")
    replaced = mutants.mutant("elect_the_same").replaces
    alone = explorer.explore(replication, 45, 5, replaced=replaced)
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        found = explorer.explore(replication, 45, 5, replaced=replaced, executor=client.get_executor())
    assert found == alone
