"""python -m dni_np"""

from dni_np.experiments.cli import main

raise SystemExit(main())
