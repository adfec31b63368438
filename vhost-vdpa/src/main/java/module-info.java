// SPDX-License-Identifier: BSD-3-Clause

/** vDPA devices and their drivers. */
@SuppressWarnings("module") // the module that gets the qualified export is compiled later
module io.vhost4j.drivers {
    requires io.vhost4j;
    requires io.vhost4j.core;
    requires org.slf4j;
    requires static org.jspecify;

    // DMA engines are PCI devices too
    exports io.vhost4j.drivers.vfio to
            io.vhost4j.asynccopy;

    provides io.vhost4j.spi.KernelFrontend with
            io.vhost4j.drivers.vduse.VduseFrontend;
    provides io.vhost4j.spi.VdpaDriver with
            io.vhost4j.drivers.ifcvf.IfcvfDriver,
            io.vhost4j.drivers.kernel.VhostVdpaDriver,
            io.vhost4j.drivers.sim.SimDriver;
}
