// SPDX-License-Identifier: BSD-3-Clause

/** Asynchronous copies between packets and guest memory: the DMA channels that ship with the library. */
module io.vhost4j.asynccopy {
    requires io.vhost4j;
    requires io.vhost4j.core;
    requires io.vhost4j.drivers;
    requires org.slf4j;
    requires static org.jspecify;

    provides io.vhost4j.spi.DmaProvider with
            io.vhost4j.asynccopy.CpuProvider,
            io.vhost4j.asynccopy.ThreadProvider,
            io.vhost4j.asynccopy.ioat.IoatProvider;
}
