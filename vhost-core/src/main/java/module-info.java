// SPDX-License-Identifier: BSD-3-Clause

/** The vhost-user back-end. */
@SuppressWarnings("module") // the modules that get qualified exports are compiled later
module io.vhost4j.core {
    requires io.vhost4j;
    requires org.slf4j;
    requires static org.jspecify;

    // devices of other types: their rings, and guest memory as rings find it; devices that are programs serve rings as
    // the library does
    exports io.vhost4j.core.ring to
            io.vhost4j.cryptodev,
            io.vhost4j.drivers;
    // drivers of devices: their files, mappings and event descriptors; the front-end: sockets, event descriptors,
    // memory files; the launcher: CPU affinity, leak counts, a look at the
    // machine; copy threads: CPU affinity
    exports io.vhost4j.core.linux to
            io.vhost4j.asynccopy,
            io.vhost4j.drivers,
            io.vhost4j.examples,
            io.vhost4j.virtiouser;
    // the front-end has the other side of the same rings and messages
    exports io.vhost4j.core.layout to
            io.vhost4j.drivers,
            io.vhost4j.virtiouser;
    exports io.vhost4j.core.protocol to
            io.vhost4j.drivers,
            io.vhost4j.virtiouser;
    // the front-end's rings and packets are memory of its own; devices that are programs work on the guest's; copies
    // that rings have described
    exports io.vhost4j.core.memory to
            io.vhost4j.asynccopy,
            io.vhost4j.cryptodev,
            io.vhost4j.drivers,
            io.vhost4j.virtiouser;
    exports io.vhost4j.core.pool to
            io.vhost4j.virtiouser;

    uses io.vhost4j.spi.KernelFrontend;

    provides io.vhost4j.spi.VhostProvider with
            io.vhost4j.core.server.CoreProvider;
}
