// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.OptionalDouble;

/** DPDK's net_vhost. */
final class TestpmdBackEnd implements BackEnd {
    private final Testpmd testpmd;
    private final boolean busy;

    TestpmdBackEnd(String program, Lab lab, Cell cell) {
        testpmd = Testpmd.backEnd(program, lab, cell);
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
    public OptionalDouble stop() {
        testpmd.stopForwarding();
        OptionalDouble nanos = busy ? OptionalDouble.of(testpmd.busyNanos()) : OptionalDouble.empty();
        testpmd.quit();
        return nanos;
    }

    @Override
    public void close() {
        testpmd.close();
    }
}
