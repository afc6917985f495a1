/**
 * The directives of each section, as systemd 249 (Ubuntu 22.04) and later know them: the tables of systemd.unit(5), systemd.exec(5),
 * systemd.kill(5), systemd.resource-control(5) and of each type. A newer one that a table lacks is a warning, never an error.
 */
const words = (text: string) => text.split(/\s+/).filter(word => word !== '');

const prefixed = (prefixes: readonly string[], text: string) =>
  words(text).flatMap(word => prefixes.map(prefix => `${prefix}${word}`));

const unit = [
  ...words(`Description Documentation Wants Requires Requisite BindsTo PartOf Upholds Conflicts Before After OnFailure OnSuccess
    PropagatesReloadTo ReloadPropagatedFrom PropagatesStopTo StopPropagatedFrom JoinsNamespaceOf RequiresMountsFor WantsMountsFor
    OnFailureJobMode OnSuccessJobMode IgnoreOnIsolate StopWhenUnneeded RefuseManualStart RefuseManualStop AllowIsolate
    DefaultDependencies SurviveFinalKillSignal CollectMode FailureAction SuccessAction FailureActionExitStatus
    SuccessActionExitStatus JobTimeoutSec JobRunningTimeoutSec JobTimeoutAction JobTimeoutRebootArgument StartLimitIntervalSec
    StartLimitInterval StartLimitBurst StartLimitAction RebootArgument SourcePath`),
  ...prefixed(
    ['Condition', 'Assert'],
    `Architecture Firmware Virtualization Host KernelCommandLine KernelVersion Version Credential Environment Security Capability
    ACPower NeedsUpdate FirstBoot PathExists PathExistsGlob PathIsDirectory PathIsSymbolicLink PathIsMountPoint PathIsReadWrite
    PathIsEncrypted DirectoryNotEmpty FileNotEmpty FileIsExecutable User Group ControlGroupController Memory CPUs CPUFeature
    OSRelease MemoryPressure CPUPressure IOPressure KernelModuleLoaded`,
  ),
];

const install = words('Alias WantedBy RequiredBy UpheldBy Also DefaultInstance');

const exec = [
  ...words(`WorkingDirectory RootDirectory RootImage RootImageOptions RootEphemeral RootHash RootHashSignature RootVerity
    RootImagePolicy MountImagePolicy ExtensionImagePolicy MountAPIVFS ProtectProc ProcSubset BindPaths BindReadOnlyPaths
    BindLogSockets MountImages ExtensionImages ExtensionDirectories User Group DynamicUser SupplementaryGroups SetLoginEnvironment
    PAMName CapabilityBoundingSet AmbientCapabilities NoNewPrivileges SecureBits SELinuxContext AppArmorProfile SmackProcessLabel
    UMask CoredumpFilter KeyringMode OOMScoreAdjust TimerSlackNSec Personality IgnoreSIGPIPE Nice CPUSchedulingPolicy
    CPUSchedulingPriority CPUSchedulingResetOnFork CPUAffinity NUMAPolicy NUMAMask IOSchedulingClass IOSchedulingPriority
    ProtectSystem ProtectHome RuntimeDirectory StateDirectory CacheDirectory LogsDirectory ConfigurationDirectory
    RuntimeDirectoryMode StateDirectoryMode CacheDirectoryMode LogsDirectoryMode ConfigurationDirectoryMode
    RuntimeDirectoryPreserve TimeoutCleanSec ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths
    ReadWriteDirectories ReadOnlyDirectories InaccessibleDirectories TemporaryFileSystem PrivateTmp PrivateDevices PrivateNetwork
    NetworkNamespacePath PrivateIPC IPCNamespacePath MemoryKSM PrivatePIDs PrivateUsers ProtectHostname ProtectClock
    ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectControlGroups RestrictAddressFamilies RestrictFileSystems
    RestrictNamespaces LockPersonality MemoryDenyWriteExecute RestrictRealtime RestrictSUIDSGID RemoveIPC PrivateMounts MountFlags
    SystemCallFilter SystemCallErrorNumber SystemCallArchitectures SystemCallLog Environment EnvironmentFile PassEnvironment
    UnsetEnvironment StandardInput StandardOutput StandardError StandardInputText StandardInputData LogLevelMax LogExtraFields
    LogRateLimitIntervalSec LogRateLimitBurst LogFilterPatterns LogNamespace SyslogIdentifier SyslogFacility SyslogLevel
    SyslogLevelPrefix TTYPath TTYReset TTYVHangup TTYRows TTYColumns TTYVTDisallocate LoadCredential LoadCredentialEncrypted
    ImportCredential SetCredential SetCredentialEncrypted UtmpIdentifier UtmpMode ExecSearchPath`),
  ...prefixed(
    ['Limit'],
    'CPU FSIZE DATA STACK CORE RSS NOFILE AS NPROC MEMLOCK LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME',
  ),
];

const kill = words('KillMode KillSignal RestartKillSignal SendSIGHUP SendSIGKILL FinalKillSignal WatchdogSignal');

const resources =
  words(`CPUAccounting CPUWeight StartupCPUWeight CPUShares StartupCPUShares CPUQuota CPUQuotaPeriodSec AllowedCPUs
    StartupAllowedCPUs AllowedMemoryNodes StartupAllowedMemoryNodes MemoryAccounting MemoryMin MemoryLow MemoryHigh MemoryMax
    StartupMemoryLow StartupMemoryHigh StartupMemoryMax DefaultMemoryMin DefaultMemoryLow DefaultStartupMemoryLow MemorySwapMax
    StartupMemorySwapMax MemoryZSwapMax StartupMemoryZSwapMax MemoryZSwapWriteback MemoryLimit TasksAccounting TasksMax IOAccounting
    IOWeight StartupIOWeight IODeviceWeight IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax
    IODeviceLatencyTargetSec BlockIOAccounting BlockIOWeight IPAccounting IPAddressAllow IPAddressDeny IPIngressFilterPath
    IPEgressFilterPath BPFProgram SocketBindAllow SocketBindDeny RestrictNetworkInterfaces NFTSet DeviceAllow DevicePolicy Slice
    Delegate DelegateSubgroup DisableControllers ManagedOOMSwap ManagedOOMMemoryPressure ManagedOOMMemoryPressureLimit
    ManagedOOMMemoryPressureDurationSec ManagedOOMPreference MemoryPressureWatch MemoryPressureThresholdSec CoredumpReceive`);

// The StartLimit and FailureAction names of [Service] are old ones that systemd still reads there.
const service =
  words(`Type ExitType RemainAfterExit GuessMainPID PIDFile BusName ExecStart ExecStartPre ExecStartPost ExecCondition
    ExecReload ExecStop ExecStopPost RestartSec RestartSteps RestartMaxDelaySec TimeoutStartSec TimeoutStopSec TimeoutAbortSec
    TimeoutSec TimeoutStartFailureMode TimeoutStopFailureMode RuntimeMaxSec RuntimeRandomizedExtraSec WatchdogSec Restart RestartMode
    SuccessExitStatus RestartPreventExitStatus RestartForceExitStatus RootDirectoryStartOnly NonBlocking NotifyAccess Sockets
    FileDescriptorStoreMax FileDescriptorStorePreserve USBFunctionDescriptors USBFunctionStrings OOMPolicy OpenFile ReloadSignal
    PermissionsStartOnly StartLimitInterval StartLimitBurst StartLimitAction FailureAction RebootArgument`);

const socket =
  words(`ListenStream ListenDatagram ListenSequentialPacket ListenFIFO ListenSpecial ListenNetlink ListenMessageQueue
    ListenUSBFunction SocketProtocol BindIPv6Only Backlog BindToDevice SocketUser SocketGroup SocketMode DirectoryMode Accept Writable
    FlushPending MaxConnections MaxConnectionsPerSource KeepAlive KeepAliveTimeSec KeepAliveIntervalSec KeepAliveProbes NoDelay
    Priority DeferAcceptSec ReceiveBuffer SendBuffer IPTOS IPTTL Mark ReusePort SmackLabel SmackLabelIPIn SmackLabelIPOut
    SELinuxContextFromNet PipeSize MessageQueueMaxMessages MessageQueueMessageSize FreeBind Transparent Broadcast PassCredentials
    PassSecurity PassPacketInfo Timestamping TCPCongestion ExecStartPre ExecStartPost ExecStopPre ExecStopPost TimeoutSec Service
    RemoveOnStop Symlinks FileDescriptorName TriggerLimitIntervalSec TriggerLimitBurst PollLimitIntervalSec PollLimitBurst`);

const timer =
  words(`OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec OnCalendar AccuracySec RandomizedDelaySec
    FixedRandomDelay OnClockChange OnTimezoneChange Unit Persistent WakeSystem RemainAfterElapse DeferReactivation`);

const path =
  words(`PathExists PathExistsGlob PathChanged PathModified DirectoryNotEmpty Unit MakeDirectory DirectoryMode
    TriggerLimitIntervalSec TriggerLimitBurst`);

const mount = words(
  `What Where Type Options SloppyOptions LazyUnmount ReadWriteOnly ForceUnmount DirectoryMode TimeoutSec`,
);

const own: Readonly<Record<string, readonly [section: string, keys: readonly string[]]>> = {
  service: ['Service', [...service, ...exec, ...kill, ...resources]],
  socket: ['Socket', [...socket, ...exec, ...kill, ...resources]],
  mount: ['Mount', [...mount, ...exec, ...kill, ...resources]],
  timer: ['Timer', timer],
  path: ['Path', path],
};

/** What a unit of a type ("service") may hold: the keys of each section. */
export function sectionsOf(type: string): ReadonlyMap<string, ReadonlySet<string>> {
  const typed = own[type];
  return new Map(
    [['Unit', unit] as const, ['Install', install] as const, ...(typed ? [typed] : [])].map(([name, keys]) => [
      name,
      new Set(keys),
    ]),
  );
}
