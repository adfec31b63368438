// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

/** DPDK's net_vhost. */
final class TestpmdBackEnd implements BackEnd {
    private final Testpmd testpmd;
    private final boolean busy;

    TestpmdBackEnd(String program, Lab lab, Seat seat, Cell cell) {
        testpmd = Testpmd.backEnd(program, lab, seat, cell);
        busy = lab.busy();
    }

    @Override
    public Child child() {
        return testpmd.child();
    }

    @Override
    public String version() {
        return testpmd.version();
    }

    @Override
    public void go() {
        testpmd.startForwarding("start");
    }

    @Override
    public Busy busy() {
        return busy ? testpmd.busy() : Busy.UNKNOWN;
    }

    @Override
    public void stop() {
        testpmd.end();
    }

    @Override
    public void close() {
        testpmd.close();
    }
}
